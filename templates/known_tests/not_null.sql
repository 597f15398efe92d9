select $column from $relation where $column is null
