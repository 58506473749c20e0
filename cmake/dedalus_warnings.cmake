# Warnings of this project's own sources; nothing of it reaches those who link the library.
#
# -Wno-mismatched-new-delete: optimizing g++ inlines the operator new of Asio's coroutine frames, but not the matching
# operator delete, and then reports every coroutine.
add_library(dedalus_warnings INTERFACE)
target_compile_options(
    dedalus_warnings
    INTERFACE -Wall
              -Wextra
              -Wpedantic
              -Wshadow
              -Wconversion
              -Wnon-virtual-dtor
              -Wold-style-cast
              $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
              $<$<BOOL:${DEDALUS_WERROR}>:-Werror>
)
