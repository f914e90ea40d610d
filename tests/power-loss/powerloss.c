// A power cut, played to one process. Preloaded before the C library, it takes part in every call that changes a file beneath one folder and
// remembers what has not been synced since. At the cut (SIGUSR2, or the operation with a given number) it lets nobody write any more, undoes
// what a real power cut could have undone, and ends the process. Written for tests; see tests/Callwatch.Server.Tests/Durability.
#include "powerloss.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings settings;
struct counts counts;
struct real real;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static long operations;
static int alarm_pipe[2];

_Noreturn void give_up(const char *why) {
  dprintf(2, "powerloss: %s (%s)\n", why, strerror(errno));
  abort();
}

void *must(void *memory) {
  if (!memory) give_up("no memory");
  return memory;
}

uint64_t dice(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t x = a * 0x9E3779B97F4A7C15ull ^ (b + 0x7F4A7C15) * 0xBF58476D1CE4E5B9ull ^ (c + 0x1CE4E5B9) * 0x94D049BB133111EBull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

static void report(void) {
  static const char *kinds[KINDS] = {"segment", "cursor", "wal", "database", "other"};
  int file = real.open(settings.report, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) give_up("cannot write the report");
  dprintf(file, "operations %ld\n", operations);
  for (int i = 0; i < KINDS; i++) dprintf(file, "%s_writes %ld\n%s_bytes %ld\n%s_syncs %ld\n", kinds[i], counts.writes[i], kinds[i], counts.bytes[i], kinds[i], counts.syncs[i]);
  dprintf(file, "created %ld\nrenamed %ld\nremoved %ld\nfolder_syncs %ld\n", counts.created, counts.renamed, counts.removed, counts.folder_syncs);
  dprintf(file, "pending_writes %ld\nundone_sectors %ld\ncut_bytes %ld\ntorn_files %ld\nundone_names %ld\n", counts.pending_writes, counts.undone_sectors, counts.cut_bytes, counts.torn_files, counts.undone_names);
}

// With the lock held, which is never given back.
static _Noreturn void lose_power(void) {
  files_lose_power();
  names_lose_power();
  report();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

void powerloss_lock(void) { pthread_mutex_lock(&gate); }

void powerloss_unlock(void) { pthread_mutex_unlock(&gate); }

void powerloss_step(void) {
  if (++operations == settings.after) lose_power();
}

static void *wait_for_signal(void *unused) {
  (void)unused;
  char byte;
  while (read(alarm_pipe[0], &byte, 1) != 1) continue;
  pthread_mutex_lock(&gate);
  lose_power();
}

static void on_signal(int number) {
  (void)number;
  int before = errno;
  // The lock may be held by the very thread that was interrupted: the cut is made by another.
  ssize_t ignored = real.write(alarm_pipe[1], "", 1);
  (void)ignored;
  errno = before;
}

static void *find(const char *name) { return must(dlsym(RTLD_NEXT, name)); }

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

__attribute__((constructor)) static void begin(void) {
  real.open = find("open64"), real.openat = find("openat64"), real.close = find("close"), real.write = find("write"), real.pwrite = find("pwrite64");
  real.pwritev = find("pwritev64"), real.writev = find("writev"), real.ftruncate = find("ftruncate64"), real.fallocate = find("fallocate64");
  real.posix_fallocate = find("posix_fallocate64"), real.fsync = find("fsync"), real.rename = find("rename"), real.link = find("link");
  real.unlink = find("unlink"), real.mkdir = find("mkdir"), real.rmdir = find("rmdir"), real.ioctl = find("ioctl");
  real.sendfile = find("sendfile64"), real.copy_file_range = find("copy_file_range");
  settings.folder = setting("POWERLOSS_FOLDER"), settings.lost = setting("POWERLOSS_LOST"), settings.report = setting("POWERLOSS_REPORT");
  settings.mode = strcmp(setting("POWERLOSS_MODE"), "torn") == 0 ? LOSE_TORN : strcmp(setting("POWERLOSS_MODE"), "some") == 0 ? LOSE_SOME : LOSE_ALL;
  settings.seed = strtoull(setting("POWERLOSS_SEED"), NULL, 10);
  settings.no_sync = *setting("POWERLOSS_NO_SYNC") != 0;
  settings.after = strtol(setting("POWERLOSS_AFTER"), NULL, 10);
  if (!*settings.folder) return;
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  pthread_t thread;
  if (pipe(alarm_pipe) != 0 || sigaction(SIGUSR2, &action, NULL) != 0 || pthread_create(&thread, NULL, wait_for_signal, NULL) != 0) give_up("cannot begin");
  pthread_detach(thread);
}
