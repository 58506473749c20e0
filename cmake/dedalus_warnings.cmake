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
              # Several sources as one (presets asan and tsan): what is private to a source looks like a header's.
              $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>
              $<$<BOOL:${CMAKE_UNITY_BUILD}>:-Wno-shadow>
              $<$<BOOL:${DEDALUS_WERROR}>:-Werror>
)
