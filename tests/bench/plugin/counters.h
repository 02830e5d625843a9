/*
 * Numbers of instructions: what a plugin counts of each one, by its address.
 */
#ifndef NETATOP_COUNTERS_H
#define NETATOP_COUNTERS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTERS_BUCKETS (1 << 20)
#define COUNTERS_MOST 2

struct counter {
    struct counter* next;
    uint64_t address;
    uint64_t count[COUNTERS_MOST];
};

static struct counter* counters[COUNTERS_BUCKETS];

static inline struct counter* counter_of(uint64_t address) {
    struct counter** bucket = &counters[address % COUNTERS_BUCKETS];
    struct counter* c;

    for (c = *bucket; c; c = c->next)
        if (c->address == address)
            return c;
    c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->address = address;
    c->next = *bucket;
    *bucket = c;
    return c;
}

static inline void counters_clear(void) {
    struct counter* c;
    size_t i;

    for (i = 0; i < COUNTERS_BUCKETS; i++)
        for (c = counters[i]; c; c = c->next)
            memset(c->count, 0, sizeof(c->count));
}

/* Writes OUT.1, OUT.2, …: a line for each instruction whose first number is not 0, with n of them.
 */
static inline void counters_write(const char* out, int n) {
    static unsigned int files;
    char name[4096];
    struct counter* c;
    FILE* file;
    size_t i;
    int k;

    snprintf(name, sizeof(name), "%s.%u", out, ++files);
    file = fopen(name, "w");
    if (!file)
        return;
    for (i = 0; i < COUNTERS_BUCKETS; i++)
        for (c = counters[i]; c; c = c->next) {
            if (!c->count[0])
                continue;
            fprintf(file, "%016" PRIx64, c->address);
            for (k = 0; k < n; k++)
                fprintf(file, " %" PRIu64, c->count[k]);
            fputc('\n', file);
        }
    fclose(file);
}

#endif /* NETATOP_COUNTERS_H */
