{# Dropping and renaming relations, and the names of temporary ones. #}

{# DuckLake has no cascade. #}
{% macro duckdb__drop_relation(relation) -%}
  {%- call statement('drop_relation', auto_begin=False) -%}
    drop {{ relation.type }} if exists {{ relation.render() }}{% if not adapter.is_ducklake(relation) %} cascade{% endif %}
  {%- endcall -%}
{%- endmacro %}


{% macro duckdb__rename_relation(from_relation, to_relation) -%}
  {%- call statement('rename_relation') -%}
    alter {{ to_relation.type }} {{ from_relation.render() }}
    rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
  {%- endcall -%}
{%- endmacro %}


{# Temporary tables of all connections share one catalog entry by name, so the name is made unique. #}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
  {%- set name = base_relation.identifier ~ suffix ~ py_current_timestring() -%}
  {{ return(base_relation.incorporate(path={'database': none, 'schema': none, 'identifier': name})) }}
{% endmacro %}


{#
  Where an incremental model or a snapshot puts its new rows. MotherDuck has no temporary tables that survive a
  reconnect, so there it is a real table in a schema of its own, which the materialization drops at the end.
#}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}
  {%- if not adapter.is_motherduck() -%}
    {{ return(make_temp_relation(target_relation, '__dbt_tmp' ~ ('_' ~ batch_id if batch_id else ''))) }}
  {%- endif -%}

  {%- set temp_relation = target_relation.incorporate(
      path=adapter.get_temp_relation_path(model, batch_id)) -%}
  {%- do create_schema(temp_relation) -%}
  {%- if not adapter.disable_transactions() -%}
    {%- do adapter.commit() -%}
  {%- endif -%}
  {%- do run_query('drop table if exists ' ~ temp_relation) -%}
  {{ return(temp_relation) }}
{% endmacro %}
