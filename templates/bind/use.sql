use {schema}
