{# Materialized views. Their only configuration is their indexes, which can be changed without building them anew. #}

{% macro postgres__get_create_materialized_view_as_sql(relation, sql) %}
  create materialized view if not exists {{ relation.render() }} as {{ sql }};

  {% for index in config.get('indexes', default=[]) -%}
    {{ get_create_index_sql(relation, index) }}
  {% endfor -%}
{% endmacro %}


{% macro postgres__refresh_materialized_view(relation) %}
  refresh materialized view {{ relation.render() }}
{% endmacro %}


{# What the database says about an existing view, in the shape the adapter compares with the config. #}
{% macro postgres__describe_materialized_view(relation) %}
  {{ return({'indexes': run_query(get_show_indexes_sql(relation))}) }}
{% endmacro %}


{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {%- set existing = postgres__describe_materialized_view(existing_relation) -%}
  {{ return(existing_relation.get_materialized_view_config_change_collection(existing, new_config.model)) }}
{% endmacro %}


{% macro postgres__get_alter_materialized_view_as_sql(
    relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation
) %}
  {%- if configuration_changes.requires_full_refresh -%}
    {{ return(get_replace_sql(existing_relation, relation, sql)) }}
  {%- endif -%}
  {{ return(postgres__update_indexes_on_materialized_view(relation, configuration_changes.indexes)) }}
{% endmacro %}


{%- macro postgres__update_indexes_on_materialized_view(relation, index_changes) -%}
  {%- do log('Applying UPDATE INDEXES to: ' ~ relation) -%}
  {%- for change in index_changes -%}
    {%- if change.action == 'drop' -%}
      {{ postgres__get_drop_index_sql(relation, change.context.name) }};
    {%- elif change.action == 'create' -%}
      {{ postgres__get_create_index_sql(relation, change.context.as_node_config) }}
    {%- endif %}
  {% endfor -%}
{%- endmacro -%}
