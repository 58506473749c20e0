#include "faults/fault.hpp"

#include <iostream>

/// Prints docs/faults.md.
int main()
{
    std::cout << test::fault_page(test::fault_matrix());
}
