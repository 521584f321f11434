/* Between a program and its disk: makes each flush slow, or fail. Loaded by LD_PRELOAD; steered by a file that another
   process writes: five 32-bit numbers, { milliseconds of each flush, errno of each flush or 0, flushes, flushes that were
   slowed, flushes that failed }. Only files whose name contains "sqlite" are touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct controls {
  volatile unsigned milliseconds, error, flushes, slowed, failed;
};
static struct controls *controls;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("CHAOS_DISK");
  int file = path == NULL ? -1 : open(path, O_RDWR);
  if (file < 0) return;
  void *memory = mmap(NULL, sizeof(struct controls), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory != MAP_FAILED) controls = memory;
  close(file);
}

static int is_database(int file) {
  char link[40], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (length < 0) return 0;
  name[length] = 0;
  return strstr(name, "sqlite") != NULL;
}

static int flush(int file, const char *real) {
  if (controls != NULL && is_database(file)) {
    __sync_fetch_and_add(&controls->flushes, 1);
    unsigned milliseconds = controls->milliseconds;
    if (milliseconds > 0) {
      struct timespec pause = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
      nanosleep(&pause, NULL);
      __sync_fetch_and_add(&controls->slowed, 1);
    }
    if (controls->error != 0) {
      __sync_fetch_and_add(&controls->failed, 1);
      errno = (int)controls->error;
      return -1;
    }
  }
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, real);
  return next(file);
}

int fsync(int file) { return flush(file, "fsync"); }
int fdatasync(int file) { return flush(file, "fdatasync"); }
