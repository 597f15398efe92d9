{# The merge configs: what they mean together, and what is wrong with them, all of it in one error. #}

{# The simple configs as clauses; without any of them columns are matched by name. #}
{% macro merge_clause_defaults(
    merge_update_condition, merge_insert_condition,
    merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}
) %}
  {%- set update = {'action': 'update', 'mode': 'by_name'} -%}
  {%- if merge_update_columns or merge_exclude_columns or merge_update_set_expressions -%}
    {%- do update.update({
        'mode': 'explicit',
        'update': {
            'include': merge_update_columns,
            'exclude': merge_exclude_columns,
            'set_expressions': merge_update_set_expressions
        }
    }) -%}
  {%- endif -%}
  {%- if merge_update_condition -%}
    {%- do update.update({'condition': merge_update_condition}) -%}
  {%- endif -%}

  {%- set insert = {'action': 'insert', 'mode': 'by_name'} -%}
  {%- if merge_insert_condition -%}
    {%- do insert.update({'condition': merge_insert_condition}) -%}
  {%- endif -%}

  {{ return({'when_matched': [update], 'when_not_matched': [insert]}) }}
{% endmacro %}


{% macro validate_merge_config(config, target_relation=none) %}
  {%- set errors = [] -%}
  {%- set fields = {
      'merge_update_condition': validate_string_field,
      'merge_insert_condition': validate_string_field,
      'merge_update_columns': validate_string_list_field,
      'merge_exclude_columns': validate_string_list_field,
      'merge_on_using_columns': validate_string_list_field,
      'merge_returning_columns': validate_string_list_field,
      'merge_update_set_expressions': validate_dict_field
  } -%}
  {%- for name, check in fields.items() if config.get(name) is not none -%}
    {%- do check(config.get(name), name, errors) -%}
  {%- endfor -%}

  {%- if config.get('merge_clauses') is not none -%}
    {%- do validate_merge_clauses(config, fields, errors) -%}
  {%- endif -%}
  {%- do validate_ducklake_restrictions(config, target_relation, errors) -%}

  {%- if errors -%}
    {%- do exceptions.raise_compiler_error('MERGE configuration errors:\n- ' ~ errors | join('\n- ')) -%}
  {%- endif -%}
{% endmacro %}


{# `merge_clauses` says everything, so the simple configs beside it would have no effect. #}
{% macro validate_merge_clauses(config, base_configuration_fields, errors) %}
  {%- set clauses = config.get('merge_clauses') -%}
  {%- if clauses is not mapping -%}
    {%- do errors.append('merge_clauses must be a dictionary, found: ' ~ clauses) -%}
  {%- elif 'when_matched' not in clauses and 'when_not_matched' not in clauses -%}
    {%- do errors.append("merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys") -%}
  {%- else -%}
    {%- do validate_merge_clause_list(clauses, 'when_matched', errors) -%}
    {%- do validate_merge_clause_list(clauses, 'when_not_matched', errors) -%}
  {%- endif -%}

  {%- set ignored = [] -%}
  {%- for name in base_configuration_fields
      if name not in ['merge_on_using_columns', 'merge_returning_columns'] and config.get(name) -%}
    {%- do ignored.append(name) -%}
  {%- endfor -%}
  {%- if ignored -%}
    {%- do errors.append('merge_clauses replaces these configs, remove them: ' ~ ignored | join(', ')) -%}
  {%- endif -%}
{% endmacro %}


{% macro validate_merge_clause_list(merge_clauses, clause_type, errors) %}
  {%- set clauses = merge_clauses.get(clause_type) -%}
  {%- if clauses is none -%}
  {%- elif clauses is string or clauses is mapping or clauses is not iterable -%}
    {%- do errors.append('merge_clauses.' ~ clause_type ~ ' must be a list') -%}
  {%- elif not clauses -%}
    {%- do errors.append('merge_clauses.' ~ clause_type ~ ' must contain at least one element') -%}
  {%- else -%}
    {%- for clause in clauses if clause is not mapping -%}
      {%- do errors.append('merge_clauses.' ~ clause_type ~ ' elements must be dictionaries, found: ' ~ clause) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}


{# DuckLake's merge knows no `returning`, and only one update or delete. #}
{% macro validate_ducklake_restrictions(config, target_relation, errors) %}
  {%- if target_relation is not none and adapter.is_ducklake(target_relation) -%}
    {%- if config.get('merge_returning_columns') -%}
      {%- do errors.append('merge_returning_columns is not supported by DuckLake') -%}
    {%- endif -%}

    {%- set clauses = config.get('merge_clauses') -%}
    {%- if clauses is mapping -%}
      {%- set changes = [] -%}
      {%- for clause in (clauses.get('when_matched') or []) + (clauses.get('when_not_matched') or [])
          if clause is mapping and clause.get('action') in ['update', 'delete'] -%}
        {%- do changes.append(clause) -%}
      {%- endfor -%}
      {%- if changes | length > 1 -%}
        {%- do errors.append('DuckLake allows one update or delete in merge_clauses, found ' ~ changes | length) -%}
      {%- endif -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}


{% macro validate_string_field(field_value, field_name, errors) %}
  {%- if field_value is not string -%}
    {%- do errors.append(field_name ~ ' must be a string, found: ' ~ field_value) -%}
  {%- endif -%}
{% endmacro %}

{% macro validate_string_list_field(field_value, field_name, errors) %}
  {%- if field_value is string or field_value is mapping or field_value is not iterable -%}
    {%- do errors.append(field_name ~ ' must be a list') -%}
  {%- else -%}
    {%- for item in field_value if item is not string -%}
      {%- do errors.append(field_name ~ ' must contain only string values, found: ' ~ item) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}

{% macro validate_dict_field(field_value, field_name, errors) %}
  {%- if field_value is not mapping -%}
    {%- do errors.append(field_name ~ ' must be a dictionary, found: ' ~ field_value) -%}
  {%- endif -%}
{% endmacro %}
