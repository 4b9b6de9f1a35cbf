/* Where LLVM looks for the byte order on an unknown Unix. */
#include <endian.h>
