select
    carrier as carrier_code,
    -- 'Delta Air Lines Inc.' -> 'Delta Air Lines'
    regexp_replace(name, ' (Inc\.|Co\.|Corporation)$', '') as carrier_name
from {{ ref('airlines') }}
