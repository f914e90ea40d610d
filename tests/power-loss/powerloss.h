// A power cut, played to one process: see powerloss.c.
#ifndef POWERLOSS_H
#define POWERLOSS_H

#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

// What survives of that which was not synced.
enum mode {
  LOSE_ALL,   // nothing
  LOSE_SOME,  // any of the writes, as if the rest had still been in memory
  LOSE_TORN   // any of the 512-byte sectors of each write
};

struct settings {
  const char *folder;   // only files beneath it matter
  const char *lost;     // an empty folder on the same disk, for files whose removal may have to be undone
  const char *report;   // written at the cut
  enum mode mode;
  uint64_t seed;
  bool no_sync;         // syncs do nothing at all: what an unsound program or disk is like
  long after;           // the cut comes by itself with this operation; 0: only by the signal
};

extern struct settings settings;

// How often the program did what, so that a test can tell that it was seen at all.
enum kind { SEGMENT, CURSOR, WAL, DATABASE, OTHER, KINDS };

struct counts {
  long writes[KINDS], bytes[KINDS], syncs[KINDS];
  long created, renamed, removed, folder_syncs;
  long pending_writes, undone_sectors, cut_bytes, torn_files, undone_names;
};

extern struct counts counts;

// One at a time takes part in the program's calls; at the cut the lock is never given back.
void powerloss_lock(void);
void powerloss_unlock(void);
// Counts an operation, with the lock held; may be the one that the cut comes with.
void powerloss_step(void);

// Deterministic: the same seed and place always decide the same way.
uint64_t dice(uint64_t a, uint64_t b, uint64_t c);

// files.c: what a file held when it was last synced, and what has been written to it since. Under the lock of powerloss.c.
struct file;
struct file *file_of(int fd, const char *path);
struct file *file_known(const struct stat *status);
void file_will_write(struct file *file, off_t offset, size_t length);
void file_wrote(struct file *file, off_t offset, const void *data, size_t length);
void file_will_resize(struct file *file, off_t size);
void file_resized(struct file *file, off_t size);
void file_synced(struct file *file);
void file_renamed(const struct stat *status, const char *path);
off_t file_size(const struct file *file);
enum kind file_kind(const struct file *file);
void files_lose_power(void);

// names.c: which names were made, changed and removed since their folder was last synced.
void name_created(const char *path, bool is_folder);
// Before the call: keeps what stands at the path, so that it can be put back. The answer goes to the function after the call.
char *name_keep(const char *path);
void name_removed(const char *path, char *kept, bool is_folder);
void name_renamed(const char *from, const char *to, char *kept);
void name_unkeep(char *kept);
void names_synced(int folder);
void names_lose_power(void);

// The system's own functions, behind those that powerloss.c puts before them.
struct real {
  int (*open)(const char *, int, ...);
  int (*openat)(int, const char *, int, ...);
  int (*close)(int);
  ssize_t (*write)(int, const void *, size_t);
  ssize_t (*pwrite)(int, const void *, size_t, off_t);
  ssize_t (*pwritev)(int, const void *, int, off_t);
  ssize_t (*writev)(int, const void *, int);
  int (*ftruncate)(int, off_t);
  int (*fallocate)(int, int, off_t, off_t);
  int (*posix_fallocate)(int, off_t, off_t);
  int (*fsync)(int);
  int (*rename)(const char *, const char *);
  int (*link)(const char *, const char *);
  int (*unlink)(const char *);
  int (*mkdir)(const char *, mode_t);
  int (*rmdir)(const char *);
  int (*ioctl)(int, unsigned long, ...);
  ssize_t (*sendfile)(int, int, off_t *, size_t);
  ssize_t (*copy_file_range)(int, off_t *, int, off_t *, size_t, unsigned);
};

extern struct real real;

// Ends the process with a word: a wrong answer of this library would make every test that rests on it worthless.
_Noreturn void give_up(const char *why);
void *must(void *memory);

#endif
