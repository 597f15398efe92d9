{#
  Applies the `grants` config. The privileges a relation has are compared with those it shall have, and only the
  difference is sent, revokes first. A new relation has nothing to revoke, so its current grants are not looked up.
#}

{% macro apply_grants(relation, grant_config, should_revoke) %}
  {{ return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) }}
{% endmacro %}

{% macro default__apply_grants(relation, grant_config, should_revoke=True) %}
  {%- if grant_config -%}
    {%- set wanted = grant_config -%}
    {%- set surplus = {} -%}

    {%- if should_revoke -%}
      {%- set current = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) -%}
      {%- set wanted = diff_of_two_dicts(grant_config, current) -%}
      {%- set surplus = diff_of_two_dicts(current, grant_config) -%}
      {%- if not (wanted or surplus) -%}
        {%- do log('On ' ~ relation.render() ~ ': all grants are as configured') -%}
      {%- endif -%}
    {%- endif -%}

    {%- set statements = get_dcl_statement_list(relation, surplus, get_revoke_sql)
                       + get_dcl_statement_list(relation, wanted, get_grant_sql) -%}
    {%- if statements -%}
      {%- do call_dcl_statements(statements) -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}


{# Are there old grants that could be wrong? Only if the relation existed and a replacement inherits its grants. #}
{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
  {%- if not existing_relation -%}
    {{ return(False) }}
  {%- elif full_refresh_mode -%}
    {{ return(copy_grants()) }}
  {%- endif -%}
  {{ return(True) }}
{% endmacro %}


{# Does a relation that replaces another take over its grants? #}
{% macro copy_grants() %}
  {{ return(adapter.dispatch('copy_grants', 'dbt')()) }}
{% endmacro %}

{% macro default__copy_grants() %}
  {{ return(True) }}
{% endmacro %}


{# May one statement name several grantees? #}
{% macro support_multiple_grantees_per_dcl_statement() %}
  {{ return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) }}
{% endmacro %}

{%- macro default__support_multiple_grantees_per_dcl_statement() -%}
  {{ return(True) }}
{%- endmacro -%}
