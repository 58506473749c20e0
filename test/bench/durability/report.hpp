#pragma once

#include <boost/json/array.hpp>

#include <iosfwd>
#include <string>

namespace bench {

/// What a value is of.
struct place
{
    std::string row{};  ///< what is compared, see test/bench/durability_rows.mjs
    std::string of{};   ///< which of those
};

/// Rows of what was measured, with the goal of each if there is one: as a Markdown table, and as JSON.
class report
{
public:
    /// `at_most`: the goal; 0: there is none.
    void add(const place& at, const std::string& what, double value, const std::string& unit, double at_most = 0);

    void print(std::ostream& out) const;

    const boost::json::array& rows() const noexcept { return rows_; }

    /// Whether every goal is met.
    bool met() const;

private:
    boost::json::array rows_;
};

}  // namespace bench
