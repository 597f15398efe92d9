{#
  What a run that is killed leaves. A trace is put into a transaction that must not be repeated; whether it is found later
  tells whether that transaction took effect. `key` is one of the run and the node.
#}

{# Returns a text by which `is_committed` knows the open transaction; nothing where there is no way. #}
{% macro leave_trace(relation, key) %}
  {{ return(adapter.dispatch('leave_trace', 'dbt')(relation, key)) }}
{% endmacro %}

{% macro default__leave_trace(relation, key) %}
  {{ return(none) }}
{% endmacro %}


{# Did the transaction with this trace take effect? #}
{% macro is_committed(trace) %}
  {{ return(adapter.dispatch('is_committed', 'dbt')(trace)) }}
{% endmacro %}

{% macro default__is_committed(trace) %}
  {{ return(false) }}
{% endmacro %}


{# Takes away what `leave_trace` put into the database. #}
{% macro remove_trace(trace) %}
  {{ return(adapter.dispatch('remove_trace', 'dbt')(trace)) }}
{% endmacro %}

{% macro default__remove_trace(trace) %}
{% endmacro %}


{# Drops what exists only while a relation is built. #}
{% macro remove_leftovers(relation) %}
  {%- for leftover in [make_intermediate_relation(relation), make_backup_relation(relation, 'table')] -%}
    {%- do drop_relation_if_exists(load_cached_relation(leftover)) -%}
  {%- endfor -%}
  {{ adapter.commit() }}
{% endmacro %}
