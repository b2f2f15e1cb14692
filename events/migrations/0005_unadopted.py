from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0004_shoppers'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='interaction',
            index=models.Index(condition=models.Q(('product', None)), fields=['tenant', 'sku'], name='events_interaction_unadopted'),
        ),
    ]
