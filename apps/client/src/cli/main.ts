import { startProgram } from '@gatehouse/platform/start-program';

void startProgram(() => import('./program.js'));
