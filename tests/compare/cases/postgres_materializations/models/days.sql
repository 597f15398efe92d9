{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='joined', begin='2024-01-01', batch_size='year', unique_key='id', lookback=30) }}
select id, joined from {{ ref('kept') }}
