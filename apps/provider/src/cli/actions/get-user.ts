import type { INestApplicationContext } from '@nestjs/common';
import type { User } from '../../users/user.js';
import { UsersService } from '../../users/users.service.js';
import { WrongRecord } from '../errors.js';

/** @throws WrongRecord not_found */
export async function getUser(app: INestApplicationContext, username: string): Promise<User> {
  const user = await app.get(UsersService).findByUsername(username);
  if (!user) throw new WrongRecord('not_found', `there is no user ${JSON.stringify(username)}`);
  return user;
}
