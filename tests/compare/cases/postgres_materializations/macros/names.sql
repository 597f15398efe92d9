{% macro generate_schema_name(custom, node) %}{{ target.schema if var('to') == 'compare' else target.schema ~ '_' ~ var('to') }}{% endmacro %}

{# What was run, and whether it is the first in its transaction that changes something. #}
{% macro note(what) %}insert into {{ target.schema }}.hooked select '{{ what }}', pg_current_xact_id_if_assigned() is null{% endmacro %}

{# Takes the time of day out of what snapshots noted. #}
{% macro blur() %}
  {% for name in ['by_check', 'by_timestamp'] %}
    {% call statement(auto_begin=true) %}
      update {{ target.schema }}.{{ name }} set dbt_valid_to = '2100-01-01', dbt_scd_id = '' where dbt_valid_to > '2026-01-01'
    {% endcall %}
    {% call statement(auto_begin=true) %}
      update {{ target.schema }}.{{ name }}
      set dbt_valid_from = '2100-01-01', dbt_updated_at = '2100-01-01', dbt_scd_id = '' where dbt_valid_from > '2026-01-01'
    {% endcall %}
  {% endfor %}
  {% do adapter.commit() %}
{% endmacro %}
