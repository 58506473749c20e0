// not listed
