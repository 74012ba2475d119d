"""Images distorted for training and cropped for evaluation, as CIFAR-10 programs do."""

import json

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
picture = rng.randint(0, 256, (40, 48, 3)).astype(np.uint8)


def distorted(image, height, width, seed):
    image = tf.random_crop(image, [height, width, 3], seed=seed)
    image = tf.image.random_flip_left_right(image, seed=seed)
    image = tf.image.random_brightness(image, max_delta=63, seed=seed)
    image = tf.image.random_contrast(image, lower=0.2, upper=1.8, seed=seed)
    image = tf.image.per_image_standardization(image)
    image.set_shape([height, width, 3])
    return image


def evaluation(image, height, width):
    image = tf.image.central_crop(image, central_fraction=0.875)
    image = tf.expand_dims(image, 0)
    image = tf.image.resize_bilinear(image, [height, width], align_corners=False)
    image = tf.squeeze(image, [0])
    image = tf.subtract(image, 0.5)
    return tf.multiply(image, 2.0)


def color(image):
    image = tf.image.random_saturation(image, lower=0.5, upper=1.5, seed=3)
    image = tf.image.random_hue(image, max_delta=0.2, seed=3)
    image = tf.image.adjust_brightness(image, 0.1)
    return tf.clip_by_value(image, 0.0, 1.0)


with tf.Session() as sess:
    encoded = sess.run(tf.image.encode_png(picture))
    with tf.gfile.FastGFile("picture.png", "wb") as f:
        f.write(encoded)

    tf.set_random_seed(9)
    contents = tf.read_file("picture.png")
    decoded = tf.image.decode_png(contents, channels=3)
    as_float = tf.image.convert_image_dtype(decoded, dtype=tf.float32)
    cast = tf.cast(decoded, tf.float32)
    results = {
        "decoded": tf.cast(decoded, tf.float32),
        "distorted": distorted(cast, 24, 24, seed=5),
        "evaluation": evaluation(as_float, 20, 20),
        "color": color(as_float),
        "padded": tf.image.resize_image_with_crop_or_pad(cast, 44, 30),
        "resized": tf.image.resize_images(cast, [16, 12]),
        "cubic": tf.image.resize_images(cast, (16, 12), method=tf.image.ResizeMethod.BICUBIC),
        "nearest": tf.image.resize_images(cast, (7, 9), method=1),
        "gray": tf.image.rgb_to_grayscale(as_float),
        "turned": tf.image.rot90(tf.image.transpose_image(cast)),
        "hsv": tf.image.rgb_to_hsv(as_float),
        "patches": tf.extract_image_patches(
            tf.expand_dims(cast, 0), [1, 8, 8, 1], [1, 8, 8, 1], [1, 1, 1, 1], "VALID"
        ),
        "boxes": tf.image.draw_bounding_boxes(
            tf.expand_dims(as_float, 0), [[[0.1, 0.2, 0.5, 0.9]]]
        ),
        "crops": tf.image.crop_and_resize(
            tf.expand_dims(as_float, 0), [[0.1, 0.2, 0.5, 0.9], [0, 0, 1, 1]], [0, 0], [6, 6]
        ),
    }
    values = sess.run(results)
print(
    json.dumps(
        {
            "round trip": bool((values["decoded"] == picture).all()),
            "shapes": {name: list(value.shape) for name, value in sorted(values.items())},
            "sums": {
                name: float(value.astype(np.float64).mean()) for name, value in values.items()
            },
            "spread": {
                name: float(value.astype(np.float64).std()) for name, value in values.items()
            },
        }
    )
)
