// SPDX-License-Identifier: MIT
// What takes an instruction that C has no word for.
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

// Ends QEMU with this status, by a semihosting call.
_Noreturn void machine_end(uint64_t status);

// Turns the machine off, without any status.
_Noreturn void machine_off(void);

// A counter that runs on by itself, so many times a second.
uint64_t machine_counter(void);
uint64_t machine_counter_frequency(void);

// Whether EL0 has scalable vectors; boot.S turns them on where the processor has them.
bool machine_has_scalable_vectors(void);

// Puts the table of a user half to use; 0 for none.
void machine_use_table(uint64_t physical);

// After changes of a table in use.
void machine_forget_translations(void);

// Why and where an exception was taken: ESR_EL1, FAR_EL1.
uint64_t machine_syndrome(void);
uint64_t machine_fault_address(void);

#endif
