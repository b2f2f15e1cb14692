"""Other defaults for what shoppers went on to, chosen on four logs. Profiles that hold the old ones hold the new ones."""

import django.core.validators
from django.db import migrations, models

OLD = {"sequence": 0.5, "sequence_decay": 0.7165, "min_sequence_weight": 3.0}
NEW = {"sequence": 0.6, "sequence_decay": 0.5, "min_sequence_weight": 2.0}


def move(before, after):
    """Return a step that moves profiles on which nobody has turned any of these weights."""

    def step(apps, schema_editor):
        apps.get_model("recommendations", "ScoringProfile").objects.filter(**before).update(**after)

    return step


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0006_quality'),
    ]

    operations = [
        migrations.AlterField(
            model_name='scoringprofile',
            name='min_sequence_weight',
            field=models.FloatField(default=2.0, help_text='How often shoppers must have gone on to a product lately for it to count in full.', validators=[django.core.validators.MinValueValidator(0.1)]),
        ),
        migrations.AlterField(
            model_name='scoringprofile',
            name='sequence',
            field=models.FloatField(default=0.6, help_text='Product page: how much of the score what shoppers went on to takes, where it is known.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)]),
        ),
        migrations.AlterField(
            model_name='scoringprofile',
            name='sequence_decay',
            field=models.FloatField(default=0.5, help_text='What each step back leaves of what shoppers went on to.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)]),
        ),
        migrations.RunPython(move(OLD, NEW), move(NEW, OLD)),
    ]
