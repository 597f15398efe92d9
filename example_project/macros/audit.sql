{# Called by on-run-start. -#}
{% macro create_audit_table() -%}
    create schema if not exists audit;
    create table if not exists audit.row_counts (
        relation varchar,
        row_count bigint,
        invocation_id varchar,
        built_at timestamp
    );
{%- endmacro %}


{# Called after each mart was built. -#}
{% macro note_row_count(relation) -%}
    insert into audit.row_counts
    select '{{ relation.schema }}.{{ relation.identifier }}', count(*), '{{ invocation_id }}', cast({{ dbt.current_timestamp() }} as timestamp)
    from {{ relation }}
{%- endmacro %}


{# Called by on-run-end: it writes to the log and runs no SQL. -#}
{% macro report_warnings(results) -%}
    {%- if execute -%}
        {%- set warned = results | selectattr('status', 'equalto', 'warn') | list -%}
        {%- if warned -%}
            {%- set rows = warned | map(attribute='failures') | sum -%}
            {%- do log(warned | length ~ " tests found " ~ rows ~ " rows worth a look", info=true) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
