{# Where an external model is written, in which format, and how it is read back. #}

{# The default place: below `external_root`, a file per model, or a folder where the output is partitioned. #}
{%- macro external_location(relation, config) -%}
  {%- set path = adapter.external_root() ~ '/' ~ relation.identifier -%}
  {%- if (config.get('options') or {}).get('partition_by') -%}
    {{ return(path) }}
  {%- endif -%}
  {{ return(path ~ '.' ~ config.get('format', 'parquet')) }}
{%- endmacro -%}


{# The options of the `copy` statement: the config's, with text rendered, and `format` and `delimiter` beside them. #}
{% macro render_write_options(config) -%}
  {%- set given = config.get('options') or {} -%}
  {%- if given is not mapping -%}
    {%- do exceptions.raise_compiler_error('The options argument must be a dictionary') -%}
  {%- endif -%}

  {%- set options = {} -%}
  {%- for name, value in given.items() -%}
    {%- do options.update({name: render(value) if value is string else value}) -%}
  {%- endfor -%}
  {%- for name in ['format', 'delimiter'] if config.get(name) -%}
    {%- do options.update({name: render(config.get(name))}) -%}
  {%- endfor -%}
  {{ return(options) }}
{%- endmacro %}


{#
  The options with `format` filled in: by the extension of the location, looking through `.gz` and `.zst`, else csv
  where a delimiter is given, else parquet.
#}
{% macro external_options_with_format(location, options) -%}
  {%- set complete = {} -%}
  {%- do complete.update(options) -%}
  {%- if 'format' not in complete -%}
    {%- set parts = (location | lower).split('/')[-1].split('.') -%}
    {%- set compression = {'gz': 'gzip', 'zst': 'zstd'}.get(parts[-1]) -%}
    {%- if compression and parts | length > 2 -%}
      {%- set parts = parts[:-1] -%}
      {%- if 'compression' not in complete -%}
        {%- do complete.update({'compression': compression}) -%}
      {%- endif -%}
    {%- endif -%}
    {%- if parts | length > 1 -%}
      {%- do complete.update({'format': parts[-1]}) -%}
    {%- else -%}
      {%- do complete.update({'format': 'csv' if 'delimiter' in complete else 'parquet'}) -%}
    {%- endif -%}
  {%- endif -%}

  {%- set format = complete['format'] | lower -%}
  {%- if format not in ['csv', 'parquet', 'json'] -%}
    {%- do exceptions.raise_compiler_error(
        'Invalid format: ' ~ complete['format'] ~ '. Allowed formats are: csv, parquet, json') -%}
  {%- endif -%}
  {{ return(complete) }}
{%- endmacro %}


{# A query over the written files. The `<format>_read_options` config is passed on to the reader. #}
{% macro external_read_query(location, options, config) -%}
  {%- set format = options['format'] | lower -%}
  {%- set defaults = {'union_by_name': False} if format == 'parquet' else {'auto_detect': True} -%}
  {%- set read_options = {} -%}
  {%- do read_options.update(config.get(format ~ '_read_options') or defaults) -%}
  {%- if format != 'parquet' and options.get('compression') and 'compression' not in read_options -%}
    {%- do read_options.update({'compression': options['compression']}) -%}
  {%- endif -%}

  {%- set arguments = ["'" ~ adapter.external_read_location(location, options) ~ "'"] -%}
  {%- for name, value in read_options.items() -%}
    {%- do arguments.append(name ~ '=' ~ ("'" ~ value ~ "'" if value is string else value)) -%}
  {%- endfor -%}
  select * from read_{{ format }}({{ arguments | join(', ') }})
{%- endmacro %}
