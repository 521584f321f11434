import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** One address of loopback in front of several servers, as a virtual IP or a TCP load balancer is. */
export class Address {
  static async to(port) {
    const address = new Address();
    address.target = port;
    address.server = createServer((near) => address.forward(near)).listen(0, '127.0.0.1');
    await once(address.server, 'listening');
    address.port = address.server.address().port;
    return address;
  }

  /** New connections go there from now on; open ones stay where they are. */
  pointTo(port) {
    this.target = port;
  }

  forward(near) {
    const far = connect(this.target, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }

  close() {
    this.server.close();
  }
}
