// SPDX-License-Identifier: MIT
// Sparse memory of the test kit: an open hash table of chunks, so that 8 MiB of stack cost what is touched of it.

#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define RED_BYTE 0xcbu

void *kit_memory(size_t size) {
    void *const memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL)
        abort();
    return memory;
}

void *kit_zeroed(size_t size) {
    return memset(kit_memory(size), 0, size);
}

void *kit_grown(void *memory, size_t size) {
    void *const grown = realloc(memory, size);
    if (grown == NULL)
        abort();
    return grown;
}

uint64_t kit_digest(uint64_t digest, const void *bytes, size_t length) {
    const uint8_t *const from = bytes;
    for (size_t i = 0; i < length; i++)
        digest = (digest ^ from[i]) * 0x100000001b3u;
    return digest;
}

static uint64_t chunk_size(const struct kit_sparse *sparse) {
    return (uint64_t)sparse->page_size * KIT_CHUNK_PAGES;
}

static uint32_t slot_of(const struct kit_sparse *sparse, uint64_t number) {
    return (uint32_t)((number * 0x9e3779b97f4a7c15u) >> 32) & (sparse->slots - 1);
}

static struct kit_chunk *find_chunk(const struct kit_sparse *sparse, uint64_t number) {
    if (sparse->slots == 0)
        return NULL;
    uint32_t slot = slot_of(sparse, number);
    while (sparse->chunks[slot].memory != NULL) {
        if (sparse->chunks[slot].number == number)
            return &sparse->chunks[slot];
        slot = (slot + 1) & (sparse->slots - 1);
    }
    return NULL;
}

static struct kit_chunk *insert(struct kit_sparse *sparse, struct kit_chunk chunk) {
    uint32_t slot = slot_of(sparse, chunk.number);
    while (sparse->chunks[slot].memory != NULL)
        slot = (slot + 1) & (sparse->slots - 1);
    sparse->chunks[slot] = chunk;
    sparse->used++;
    return &sparse->chunks[slot];
}

static void grow(struct kit_sparse *sparse) {
    const uint32_t old_slots = sparse->slots;
    struct kit_chunk *const old = sparse->chunks;
    sparse->slots = old_slots == 0 ? 16 : old_slots * 2;
    sparse->chunks = kit_zeroed(sizeof(*sparse->chunks) * sparse->slots);
    sparse->used = 0;
    for (uint32_t i = 0; i < old_slots; i++)
        if (old[i].memory != NULL)
            insert(sparse, old[i]);
    free(old);
}

static struct kit_chunk *make_chunk(struct kit_sparse *sparse, uint64_t number) {
    if (sparse->used * 2 >= sparse->slots)
        grow(sparse);
    const uint64_t size = chunk_size(sparse);
    struct kit_chunk chunk = {.number = number, .memory = kit_memory(size + 2 * KIT_RED_ZONE)};
    memset(chunk.memory, RED_BYTE, KIT_RED_ZONE);
    memset(chunk.memory + KIT_RED_ZONE + size, RED_BYTE, KIT_RED_ZONE);
    return insert(sparse, chunk);
}

void kit_sparse_begin(struct kit_sparse *sparse, uint32_t page_size) {
    *sparse = (struct kit_sparse){.page_size = page_size};
}

void kit_sparse_end(struct kit_sparse *sparse) {
    for (uint32_t i = 0; i < sparse->slots; i++)
        free(sparse->chunks[i].memory);
    free(sparse->chunks);
    *sparse = (struct kit_sparse){.page_size = sparse->page_size};
}

static uint8_t *byte_in(const struct kit_sparse *sparse, const struct kit_chunk *chunk, uint64_t address) {
    return chunk->memory + KIT_RED_ZONE + address % chunk_size(sparse);
}

static uint32_t page_bit(const struct kit_sparse *sparse, uint64_t address) {
    return 1u << (address % chunk_size(sparse) / sparse->page_size);
}

uint8_t *kit_sparse_find(const struct kit_sparse *sparse, uint64_t address) {
    const struct kit_chunk *const chunk = find_chunk(sparse, address / chunk_size(sparse));
    if (chunk == NULL || (chunk->present & page_bit(sparse, address)) == 0)
        return NULL;
    return byte_in(sparse, chunk, address);
}

uint8_t *kit_sparse_make(struct kit_sparse *sparse, uint64_t address, uint8_t fill, bool *made) {
    struct kit_chunk *chunk = find_chunk(sparse, address / chunk_size(sparse));
    if (chunk == NULL)
        chunk = make_chunk(sparse, address / chunk_size(sparse));
    *made = (chunk->present & page_bit(sparse, address)) == 0;
    if (*made) {
        chunk->present |= page_bit(sparse, address);
        sparse->pages++;
        memset(byte_in(sparse, chunk, address - address % sparse->page_size), fill, sparse->page_size);
    }
    return byte_in(sparse, chunk, address);
}

void kit_sparse_drop(struct kit_sparse *sparse, uint64_t address) {
    struct kit_chunk *const chunk = find_chunk(sparse, address / chunk_size(sparse));
    if (chunk == NULL || (chunk->present & page_bit(sparse, address)) == 0)
        return;
    chunk->present &= ~page_bit(sparse, address);
    sparse->pages--;
}

bool kit_sparse_intact(const struct kit_sparse *sparse) {
    for (uint32_t i = 0; i < sparse->slots; i++) {
        const uint8_t *const memory = sparse->chunks[i].memory;
        if (memory == NULL)
            continue;
        for (uint32_t k = 0; k < KIT_RED_ZONE; k++)
            if (memory[k] != RED_BYTE || memory[KIT_RED_ZONE + chunk_size(sparse) + k] != RED_BYTE)
                return false;
    }
    return true;
}

bool kit_sparse_walk(const struct kit_sparse *sparse, uint64_t *cursor, uint64_t *address, uint8_t **bytes) {
    while (*cursor < (uint64_t)sparse->slots * KIT_CHUNK_PAGES) {
        const struct kit_chunk *const chunk = &sparse->chunks[*cursor / KIT_CHUNK_PAGES];
        const uint32_t page = (uint32_t)(*cursor % KIT_CHUNK_PAGES);
        (*cursor)++;
        if (chunk->memory == NULL || (chunk->present & (1u << page)) == 0)
            continue;
        *address = chunk->number * chunk_size(sparse) + (uint64_t)page * sparse->page_size;
        *bytes = byte_in(sparse, chunk, *address);
        return true;
    }
    return false;
}
