// The names in folders. A file that is removed or replaced stays in the folder settings.lost until that is durable.
#include "powerloss.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum change { CREATED, REMOVED, RENAMED };

struct name {
  enum change change;
  bool is_folder, from_synced, to_synced;
  char *from, *to;  // to: only of a rename
  char *kept;       // what stood at the place removed or written over; null: nothing
  dev_t from_device, to_device;
  ino_t from_folder, to_folder;
};

static struct name *names;
static size_t count, room;
static long kept_count;

static void folder_of(const char *path, dev_t *device, ino_t *folder) {
  char *parent = must(strdup(path));
  char *slash = strrchr(parent, '/');
  if (slash && slash != parent) *slash = 0;
  struct stat status;
  if (stat(parent, &status) == 0) {
    *device = status.st_dev;
    *folder = status.st_ino;
  }
  free(parent);
}

static void add(struct name name) {
  if (count == room) {
    room = room ? room * 2 : 64;
    names = must(realloc(names, room * sizeof *names));
  }
  folder_of(name.from, &name.from_device, &name.from_folder);
  if (name.to) folder_of(name.to, &name.to_device, &name.to_folder);
  names[count++] = name;
}

static char *copy(const char *text) { return must(strdup(text)); }

void name_created(const char *path, bool is_folder) {
  counts.created++;
  add((struct name){.change = CREATED, .from = copy(path), .is_folder = is_folder});
}

char *name_keep(const char *path) {
  struct stat status;
  if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
  char kept[4096];
  snprintf(kept, sizeof kept, "%s/%ld", settings.lost, ++kept_count);
  if (real.link(path, kept) != 0) give_up("cannot keep a file that is being removed");
  return copy(kept);
}

void name_unkeep(char *kept) {
  if (!kept) return;
  real.unlink(kept);
  free(kept);
}

void name_removed(const char *path, char *kept, bool is_folder) {
  counts.removed++;
  add((struct name){.change = REMOVED, .from = copy(path), .kept = kept, .is_folder = is_folder});
}

void name_renamed(const char *from, const char *to, char *kept) {
  counts.renamed++;
  add((struct name){.change = RENAMED, .from = copy(from), .to = copy(to), .kept = kept});
}

static void forget(struct name *name) {
  name_unkeep(name->kept);
  free(name->from);
  free(name->to);
}

void names_synced(int folder) {
  struct stat status;
  if (fstat(folder, &status) != 0) return;
  size_t left = 0;
  for (size_t i = 0; i < count; i++) {
    struct name *name = &names[i];
    if (name->from_folder == status.st_ino && name->from_device == status.st_dev) name->from_synced = true;
    if (name->to_folder == status.st_ino && name->to_device == status.st_dev) name->to_synced = true;
    if (name->from_synced && (name->to_synced || !name->to)) forget(name);
    else names[left++] = *name;
  }
  count = left;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)walk;
  return type == FTW_DP || type == FTW_D ? real.rmdir(path) : real.unlink(path);
}

static void undo(struct name *name) {
  counts.undone_names++;
  switch (name->change) {
    case CREATED:
      if (name->is_folder) nftw(name->from, remove_one, 16, FTW_DEPTH | FTW_PHYS);
      else real.unlink(name->from);
      break;
    case REMOVED:
      if (name->is_folder) real.mkdir(name->from, 0755);
      else if (name->kept) real.rename(name->kept, name->from);
      break;
    case RENAMED:
      real.rename(name->to, name->from);
      if (name->kept) real.rename(name->kept, name->to);
      break;
  }
}

// A file system keeps its changes of names in order: some moment of them is what is found.
void names_lose_power(void) {
  size_t lasts = settings.mode == LOSE_ALL ? 0 : dice(settings.seed, ~0ull, 7) % (count + 1);
  while (count > lasts) undo(&names[--count]);
}
