/** A free port of 127.0.0.1, for a program that must be told its port before it starts. No port is returned twice. */
export declare function freePort(): Promise<number>;
