{#
  Tests of one relation as one statement, whose only row has a number for each: 0 if and only if the test finds
  nothing. What can be told from a row alone is told by a single scan. The others read the relation once each; where
  it has to be computed (`computed`), all read what was computed once.
#}
{%- set rows = tests | selectattr('about', 'in', ['nulls', 'others']) | list -%}
{%- set read = 'tested' if computed and (tests | length - rows | length) + (1 if rows else 0) > 1 else relation -%}

{%- if read != relation -%}
with tested as (select {{ tests | map(attribute='column') | unique(case_sensitive=true) | join(', ') }} from {{ relation }})
{% endif -%}
select
{%- for test in tests %}
  {% if test.about in ['nulls', 'others'] -%}
    per_row.{{ test.name }}
  {%- elif test.about == 'orphans' -%}
    (
      select count(*)
      from (select {{ test.column }} as from_field from {{ read }} where {{ test.column }} is not null) as child
      left join (select {{ test.field }} as to_field from {{ test.parent }}) as parent
        on child.from_field = parent.to_field
      where parent.to_field is null
    ) as {{ test.name }}
  {%- else -%}
    (
      select count(*)
      from (
        select {{ test.column }} from {{ read }} where {{ test.column }} is not null
        group by {{ test.column }} having count(*) > 1
      ) as repeated
    ) as {{ test.name }}
  {%- endif -%}
  {{ ',' if not loop.last }}
{%- endfor %}
{%- if rows %}
from (
  select
  {%- for test in rows %}
    count(case when {{ test.column }} {{ 'is null' if test.about == 'nulls' else 'not in (' ~ test.values ~ ')' }} then 1 end)
      as {{ test.name }}{{ ',' if not loop.last }}
  {%- endfor %}
  from {{ read }}
) as per_row
{%- endif %}
