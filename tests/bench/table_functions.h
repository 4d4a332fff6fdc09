// SPDX-License-Identifier: MIT
// The callbacks of host_table.c, and for each the outer_ one of stack_switch.S that changes the stack first.
#ifndef BENCH_TABLE_FUNCTIONS_H
#define BENCH_TABLE_FUNCTIONS_H

#include <libexec/libexec.h>

int table_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done);
int table_view(void *context, uint64_t offset, size_t length, const uint8_t **bytes);
void table_view_release(void *context, uint64_t offset, size_t length);
void table_close(void *context);
int table_open(void *context, enum libexec_file kind, const char *name, struct libexec_source *source);
int table_space_create(void *context, void **space);
void table_space_destroy(void *context, void *space);
int table_map(void *context, void *space, const struct libexec_map *operation);
int table_map_many(void *context, void *space, const struct libexec_map *operations, size_t count);
int table_translate(void *context, void *space, libexec_address address, uint64_t length, struct libexec_view *view);
void table_view_end(void *context, void *space, libexec_address address, uint64_t length);
int table_random(void *context, void *bytes, size_t length);
int table_user_read(void *context, void *to, libexec_address from, size_t length);
int table_image_known(void *context, const struct libexec_image *image, struct libexec_image_answer *answer);
void table_thread_control_block(void *context, void *bytes, uint64_t length, libexec_address thread_pointer);
int table_seize(void *context, const struct libexec_start *start);
void table_hook(void *context, const struct libexec_start *start);

int outer_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done);
int outer_view(void *context, uint64_t offset, size_t length, const uint8_t **bytes);
void outer_view_release(void *context, uint64_t offset, size_t length);
void outer_close(void *context);
int outer_open(void *context, enum libexec_file kind, const char *name, struct libexec_source *source);
int outer_space_create(void *context, void **space);
void outer_space_destroy(void *context, void *space);
int outer_map(void *context, void *space, const struct libexec_map *operation);
int outer_map_many(void *context, void *space, const struct libexec_map *operations, size_t count);
int outer_translate(void *context, void *space, libexec_address address, uint64_t length, struct libexec_view *view);
void outer_view_end(void *context, void *space, libexec_address address, uint64_t length);
int outer_random(void *context, void *bytes, size_t length);
int outer_user_read(void *context, void *to, libexec_address from, size_t length);
int outer_image_known(void *context, const struct libexec_image *image, struct libexec_image_answer *answer);
void outer_thread_control_block(void *context, void *bytes, uint64_t length, libexec_address thread_pointer);
int outer_seize(void *context, const struct libexec_start *start);
void outer_hook(void *context, const struct libexec_start *start);

#endif
