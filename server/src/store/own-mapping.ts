/**
 * From this size on glibc's malloc asks the system for memory of its own, whatever came before
 * (DEFAULT_MMAP_THRESHOLD_MAX, 32 MiB), and gives it back when it is freed. Smaller pieces that come
 * and go stay with the thread that had them: tens of megabytes of nothing, in a process whose memory
 * is watched. What is not touched of a larger one takes no memory.
 */
export const ownMappingBytes = 33 * 1024 * 1024;
