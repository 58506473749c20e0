#include "support/catch.hpp"
#include "wire/wire_table.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace wire_coverage_test {

namespace {

using namespace dedalus::wire_table;

const std::vector<described_type>& types()
{
    static const std::vector<described_type> described = described_types();
    return described;
}

const std::vector<documented_field>& fields()
{
    static const std::vector<documented_field> documented = read_documented_fields(DEDALUS_WIRE_FIELDS);
    return documented;
}

}  // namespace

TEST_CASE("every field that the API documents has a member of its name and type")
{
    REQUIRE(fields().size() > 350);
    for (const documented_field& field : fields()) {
        INFO(field.owner << "::" << field.name << " (section " << field.section << ")");
        const member* found = find_member(types(), field.owner, field.name);
        if (field.elsewhere != "-") {
            CHECK(found == nullptr);
            continue;
        }
        REQUIRE(found != nullptr);
        CHECK(found->type == field.type);
    }
}

TEST_CASE("every member of a wire struct is documented or marked as known to nobody")
{
    std::set<std::string> documented;
    for (const documented_field& field : fields())
        documented.insert(field.owner + "::" + field.name);
    for (const described_type& type : types()) {
        for (const member& m : type.members) {
            INFO(type.name << "::" << m.name);
            CHECK(documented.count(type.name + "::" + m.name) == 1);
        }
    }
}

}  // namespace wire_coverage_test
