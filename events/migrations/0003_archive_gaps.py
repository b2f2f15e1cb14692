import django.contrib.postgres.indexes
import sdr.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_trendweights'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchiveGap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('log', models.CharField(help_text='topic@incarnation/partition', max_length=350)),
                ('first', models.BigIntegerField()),
                ('next', models.BigIntegerField()),
                ('found_at', models.DateTimeField(default=sdr.clock.now)),
            ],
            options={
                'indexes': [models.Index(fields=['log', 'first'], name='events_archive_gap_by_log')],
            },
        ),
        migrations.AddField(
            model_name='archiveoffset',
            name='began_at',
            field=models.DateTimeField(default=sdr.clock.now, help_text='When the archive met this log.'),
        ),
        migrations.AddIndex(
            model_name='interaction',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['offset'], autosummarize=True, name='events_interaction_by_offset', opclasses=['int8_minmax_multi_ops'], pages_per_range=64),
        ),
    ]
