// SPDX-License-Identifier: MIT
// The constants of the ELF format that the library uses (gABI chapters 4 and 5; x86-64 psABI for the program property).
#ifndef LIBEXEC_ELF_FORMAT_H
#define LIBEXEC_ELF_FORMAT_H

#define ELF_FILE_HEADER_SIZE    64u
#define ELF_PROGRAM_HEADER_SIZE 56u

// Offsets in e_ident and in the file header.
#define ELF_EI_CLASS    4u
#define ELF_EI_DATA     5u
#define ELF_EI_VERSION  6u
#define ELF_E_TYPE      16u
#define ELF_E_MACHINE   18u
#define ELF_E_ENTRY     24u
#define ELF_E_PHOFF     32u
#define ELF_E_PHENTSIZE 54u
#define ELF_E_PHNUM     56u

#define ELF_CLASS64         2u
#define ELF_VERSION_CURRENT 1u
#define ELF_TYPE_EXEC       2u
#define ELF_TYPE_DYN        3u

// Offsets in a program header.
#define ELF_P_TYPE   0u
#define ELF_P_FLAGS  4u
#define ELF_P_OFFSET 8u
#define ELF_P_VADDR  16u
#define ELF_P_FILESZ 32u
#define ELF_P_MEMSZ  40u
#define ELF_P_ALIGN  48u

#define ELF_PT_LOAD         1u
#define ELF_PT_INTERP       3u
#define ELF_PT_TLS          7u
#define ELF_PT_GNU_STACK    0x6474e551u
#define ELF_PT_GNU_PROPERTY 0x6474e553u

#define ELF_PF_X 1u
#define ELF_PF_W 2u
#define ELF_PF_R 4u

// A note of type NT_GNU_PROPERTY_TYPE_0, named "GNU", with an array of properties.
#define ELF_NOTE_GNU_PROPERTY          UINT64_C(0x00554e4700000005) // n_type and the name, bytes 8 to 15 of it
#define ELF_PROPERTY_X86_FEATURE_1_AND UINT64_C(0x4c0000002)        // pr_type and pr_datasz
#define ELF_X86_FEATURE_1_IBT          1u
#define ELF_X86_FEATURE_1_SHSTK        2u

#endif
