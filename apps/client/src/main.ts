import { startProgram } from '@gatehouse/platform/start-program';

void startProgram(() => import('./server/program.js'));
