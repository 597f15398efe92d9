-- `ref` makes this model wait for `tides`, and finds the table it was built in.
select
    day,
    max(metres) as highest_metres,
    min(metres) as lowest_metres,
    max(metres) - min(metres) as range_metres
from {{ ref('tides') }}
group by day
