#include "wire/wire_table.hpp"

#include <exception>
#include <iostream>

/// Usage: dedalus_wire_table <wire_fields.tsv>
/// Prints docs/wire.md.
int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: dedalus_wire_table <wire_fields.tsv>\n";
        return 2;
    }
    try {
        using namespace dedalus::wire_table;
        std::cout << markdown(described_types(), read_documented_fields(argv[1]));
    }
    catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
