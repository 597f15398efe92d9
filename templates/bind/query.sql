create temporary view tidegate_checked as (
{sql}
)
