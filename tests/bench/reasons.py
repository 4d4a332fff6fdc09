# SPDX-License-Identifier: MIT
# Why an aim is missed: printed in docs/performance.md beside each figure that does not reach its aim. By the first
# words of the figure's name, so that a figure may say more behind them.

REASONS = (
    ("bytes copied over",
     "Strings are fetched by bulk reads whose end is not known before: what a read brings beyond the last "
     "string is copied for nothing and cleared again. The pointer arrays and the auxiliary vector are copied "
     "too, where the floor looks at the one in the caller's pages and stores the other word by word."),
    ("the same for the argument sets, pointer",
     "The same surplus, and what is fetched again at the border of a view."),
    ("callbacks over the lazy floor, small",
     "The floor neither closes its file, ends its views, releases the lent header bytes, nor asks the host "
     "what it knows of the image; where a TLS block is built, the host is asked for the control block and the "
     "template is read."),
    ("callbacks over the lazy floor, argument",
     "The library reads into its views, so the border of a view ends a read, which the floor's page-sized look "
     "at the caller does not; each view is also ended by a callback of its own."),
    ("library instructions over",
     "A quarter is the look at the strings, which the floor leaves to memccpy, whose instructions are "
     "not counted; the rest is spread thin over what the floor takes on trust or has not: program headers, "
     "regions and strings are checked, addresses are drawn and kept apart, thirteen hooks are called; see where "
     "the instructions go, below."),
    ("instructions per argument string",
     "The look at its bytes, see the figure per byte, and for each string: whether the next pointer continues "
     "where this string ends, whether it ends with a zero byte, and whether it was fetched and paid for."),
    ("instructions per byte",
     "Two words at a time with the exact test for a zero byte; the compilers' general-purpose registers are "
     "all there is in a kernel."),
    ("bytes zeroed over",
     "The host zeroes what a view opens, and views are asked for in advance of what is known to be needed."),
    ("private pages over",
     "Views are asked for in advance of what is known to be needed."),
    ("naive / libexec, geometric mean: callbacks",
     "The mean is over programs of a page as well as of 56 MiB; for the small ones the fixed callbacks of an "
     "exec decide."),
    ("naive / libexec, geometric mean: instructions",
     "The mean is over programs of a page as well as of 56 MiB; for the small ones the fixed work of an exec "
     "decides, and the naive loader validates nothing either."),
    ("a page fault",
     "The search in the regions takes a third, and the limits are computed without trusting that the window "
     "fits the region, or the file what the region says of it; the 75 are reached where the file's own page "
     "will do."),
    (".text at -Os without",
     "Some 1,450 statements at about 13 bytes each, which no arrangement of them changed much: one generator "
     "for regions, one path for both files of an image and for all kinds of arguments, tables for what a status "
     "says and for the rules of a request took a quarter away. What is left are features: both of Linux's "
     "placements, its order of checks, TLS, policies, arguments from three places, three ways of lending "
     "pages. Some eighty places that refuse load status, value and limit, 25 bytes each. Left out one at a time, "
     "counted once by hand, as no command does it, "
     "scripts and interpreters would give 2.1 KB, the TLS block 1.1, arguments from user memory 1.0, the checks of "
     "request, architecture and policy 0.5, GNU properties, random addresses, policies on segments, large pages, "
     "reserved ranges and file views 0.1 to 0.2 each. Where every function has a section of its own, the linker "
     "drops 0.5 KB for kernels that read no plans by themselves, and 0.4 for those that answer no faults from them."),
    (".text at -Os, configuration",
     "Scripts, interpreters and all that only they need are left out, and that is only a tenth. What remains is "
     "a static program's: plan, policies, both kinds of placement, TLS, arguments from three places, all three "
     "ways of backing. Less would take leaving out features that static programs use, and all of those that can be "
     "separated are together some 4.5 KB."),
)


def why(name):
    for start, reason in REASONS:
        if name.startswith(start):
            return reason
    return "See the tables below."
