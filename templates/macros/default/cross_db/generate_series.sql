{# A query that returns the numbers from 1 to `upper_bound`, in the column `generated_number`. #}

{% macro generate_series(upper_bound) %}
  {{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}
{% endmacro %}

{# Every number is a sum of powers of two: one copy of {0, 1} for each binary digit is cross joined. #}
{% macro default__generate_series(upper_bound) %}
  {%- set digits = dbt.get_powers_of_two(upper_bound) %}
  with p as (
    select 0 as generated_number union all select 1
  ), unioned as (
    select
    {% for digit in range(digits) -%}
      p{{ digit }}.generated_number * power(2, {{ digit }})
      {%- if not loop.last %} + {% endif %}
    {% endfor -%}
    + 1
    as generated_number
    from
    {% for digit in range(digits) -%}
      p as p{{ digit }}
      {%- if not loop.last %} cross join {% endif %}
    {% endfor -%}
  )
  select *
  from unioned
  where generated_number <= {{ upper_bound }}
  order by generated_number
{% endmacro %}


{# How many binary digits are needed to count to `upper_bound`. #}
{% macro get_powers_of_two(upper_bound) %}
  {{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}
{% endmacro %}

{% macro default__get_powers_of_two(upper_bound) %}
  {%- if upper_bound <= 0 -%}
    {%- do exceptions.raise_compiler_error('upper bound must be positive') -%}
  {%- endif -%}
  {%- for digits in range(1, 100) if upper_bound <= 2 ** digits -%}
    {{ return(digits) }}
  {%- endfor -%}
{% endmacro %}
