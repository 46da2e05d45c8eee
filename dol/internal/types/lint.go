package types

func (c *checker) ontology() {}

func (c *checker) lint() {}
