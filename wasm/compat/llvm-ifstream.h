/* std::ifstream needs libc++'s filesystem library, which WASI cannot carry. clang reads two optional text files with it;
 * this stands in and reads them through LLVM's own file layer. */
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include <sstream>

class LlvmIfstream : public std::istringstream {
  bool Opened = false;

public:
  explicit LlvmIfstream(llvm::StringRef Path) {
    auto Buffer = llvm::MemoryBuffer::getFile(Path, /*IsText=*/true);
    if (!Buffer)
      return;
    Opened = true;
    str((*Buffer)->getBuffer().str());
  }
  bool is_open() const { return Opened; }
};
