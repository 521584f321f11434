import { startProgram } from '@gatehouse/server/start-program';

void startProgram(() => import('./program.js'));
