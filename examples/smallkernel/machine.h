// SPDX-License-Identifier: MIT
// What takes an instruction that C has no word for.
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

// Ends QEMU with this status, by a semihosting call.
_Noreturn void machine_end(uint64_t status);

// Turns the machine off, without any status.
_Noreturn void machine_off(void);

// A counter that runs on by itself, so many times a second.
uint64_t machine_counter(void);
uint64_t machine_counter_frequency(void);

// How long EL0's scalable vectors are, which boot.S turns on where the processor has them; 0: there are none.
uint64_t machine_scalable_vector_bytes(void);

// Puts the table of a user half to use; 0 for none.
void machine_use_table(uint64_t physical);

// After stores to entries that were not valid: from here on walks of the tables see them. Also before a table that was
// just cleared is put into another: else a walk may follow what stood in its page before.
void machine_complete_stores(void);

// After changes of valid entries of the table in use.
void machine_forget_translations(void);

// Why and where an exception was taken: ESR_EL1, FAR_EL1.
uint64_t machine_syndrome(void);
uint64_t machine_fault_address(void);

#endif
