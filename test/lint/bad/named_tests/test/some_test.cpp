TEST_CASE("a test that is there")
{}
