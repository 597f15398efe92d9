create table {relation} as (
{sql}
) with no data
