"""Tiny folders in the layout of each data set, written by the tests; no picture shows anybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from fer_ros.evaluation.ferplus import COLUMNS

SEVEN = ('Angry', 'Disgust', 'Fear', 'Happy', 'Neutral', 'Sad', 'Surprise')


def image(path: Path, shade: int = 128, size: tuple[int, int] = (32, 24)) -> Path:
    """Write an even picture of (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), shade, np.uint8))
    return path


def video(path: Path, frames: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (32, 24))
    for index in range(frames):
        writer.write(np.full((24, 32, 3), 40 * index, np.uint8))
    writer.release()
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding='utf-8')
    return path


def pixels(shade: int) -> str:
    return ' '.join([str(shade)] * 48 * 48)


def fer2013(root: Path) -> None:
    rows = [
        f'3,{pixels(10)},Training',
        f'0,{pixels(20)},PublicTest',
        f'6,{pixels(30)},PrivateTest',
    ]
    text(root / 'fer2013.csv', '\n'.join(['emotion,pixels,Usage', *rows]))


def fer2013_folders(root: Path) -> None:
    for name in SEVEN:
        image(root / 'train' / name.lower() / 'Training_1.jpg')
        image(root / 'test' / name.lower() / 'PrivateTest_2.jpg')


def votes(winner: str) -> str:
    return ','.join('8' if name == winner else str(int(name == 'neutral') * 2) for name in COLUMNS)


def ferplus(root: Path) -> None:
    fer2013(root)
    head = ','.join(['Usage', 'Image name', *COLUMNS])
    rows = [
        f'Training,fer0000000.png,{votes("contempt")}',
        f'PublicTest,,{votes("NF")}',
        f'PrivateTest,fer0000002.png,{votes("sadness")}',
    ]
    text(root / 'fer2013new.csv', '\n'.join([head, *rows]))


def ferplus_folders(root: Path) -> None:
    for part, winner in (('Train', 'fear'), ('Valid', 'unknown'), ('Test', 'anger')):
        place = root / f'FER2013{part}'
        image(place / 'fer0000000.png', size=(48, 48))
        text(place / 'label.csv', f'fer0000000.png,"(0, 0, 48, 48)",{votes(winner)}\n')


def ferplus_npz(root: Path) -> None:
    counts = np.zeros((2, 10), np.uint8)
    counts[0, 1], counts[1, 8] = 10, 10
    np.savez(root / 'ferplus_valid.npz', images=np.zeros((2, 48, 48), np.uint8), votes=counts)


def rafdb(root: Path, part: str = 'basic') -> None:
    base = root / part
    text(base / 'EmoLabel/list_patition_label.txt', 'train_00001.jpg 5\ntest_0001.jpg 4\n')
    for stem in ('train_00001', 'test_0001'):
        image(base / f'Image/original/{stem}.jpg')
        image(base / f'Image/aligned/{stem}_aligned.jpg')
    landmarks = '1.0\t2.0\n' * 5
    text(base / 'Annotation/manual/test_0001_manu_attri.txt', f'{landmarks}1\n2\n3\n')
    text(base / 'Annotation/manual/train_00001_manu_attri.txt', f'{landmarks}2\n0\n0\n')
    text(base / 'Annotation/boundingbox/test_0001_boundingbox.txt', '4.0 2.0 20.0 22.5 \n')


def rafdb_compound(root: Path) -> None:
    rafdb(root, 'compound')


def rafdb_folders(root: Path) -> None:
    for key in range(1, 8):
        image(root / f'DATASET/test/{key}/test_000{key}_aligned.jpg')


def affectnet(root: Path) -> None:
    head = (
        'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,'
        'valence,arousal'
    )
    # As published: only the file for training names its columns, and has rows without a box.
    boxless = '1/c.jpg,NULL,NULL,-1,0,1.0;2.0,4,-0.5,0.5'
    text(root / 'training.csv', f'{head}\n{boxless}\n')
    rows = ['1/a.jpg,2,3,10,12,1.0;2.0,1,0.5,-0.25', '1/b.jpg,0,0,9,9,1.0;2.0,9,-2,-2']
    text(root / 'validation.csv', '\n'.join(rows))
    for name in 'abc':
        image(root / f'Manually_Annotated_Images/1/{name}.jpg')


def affectnet_annotations(root: Path) -> None:
    image(root / 'val_set/images/0.jpg')
    place = root / 'val_set/annotations'
    place.mkdir()
    for kind, value in (('exp', '7'), ('val', '-0.5'), ('aro', 0.25)):
        np.save(place / f'0_{kind}.npy', np.array(value))


def expw(root: Path) -> None:
    text(root / 'label/label.lst', 'happy_1.jpg 0 4 2 18 22 51.5 3\nhappy_1.jpg 1 0 0 5 5 9.1 6\n')
    image(root / 'image/origin/happy_1.jpg')


def sfew(root: Path) -> None:
    for name in SEVEN:
        image(root / f'Train/{name}/Airheads_000519240_00000005.png')
        image(root / f'Val/Val/{name}/Hangover_000519240_00000005.png')
        image(root / f'Val_Aligned_Faces/{name}/Hangover_000519240_00000005.png')


def jaffe(root: Path) -> None:
    image(root / 'KA.AN1.39.tiff')
    image(root / 'KM.NE2.4.tiff')
    text(root / 'README', 'no picture')


def ckplus(root: Path) -> None:
    for person, count in (('S005', 5), ('S010', 2)):
        for index in range(1, count + 1):
            image(root / f'cohn-kanade-images/{person}/001/{person}_001_0000000{index}.png')
    text(root / 'Emotion/S005/001/S005_001_00000005_emotion.txt', '   3.0000000e+00\n')
    (root / 'Emotion/S010/001').mkdir(parents=True)
    facs = '   9.0000000e+00   4.0000000e+00\n   1.7000000e+01   0.0000000e+00\n'
    text(root / 'FACS/S005/001/S005_001_00000005_facs.txt', facs)


def ckplus_48(root: Path) -> None:
    for name in ('anger', 'contempt', 'disgust', 'fear', 'happy', 'sadness', 'surprise'):
        image(root / f'CK+48/{name}/S010_004_00000017.png', size=(48, 48))


def oulu(root: Path) -> None:
    for index in range(3):
        image(root / f'OriginalImg/VL/Strong/P001/Anger/00{index}.jpeg')
        image(root / f'OriginalImg/NI/Dark/P002/Surprise/00{index}.jpeg')


def mmi(root: Path) -> None:
    for number, value in ((1, 4), (2, 9)):
        video(root / f'Sessions/{number}/S00{number}-00{number}.avi')
        text(
            root / f'Sessions/{number}/S00{number}-00{number}.xml',
            f'<Metadata><Metatag Name="Age" Value="30"/>'
            f'<Metatag Name="Emotion" Value="{value}"/></Metadata>',
        )
        text(
            root / f'Sessions/{number}/session.xml',
            f'<session><track type="Video" view="{2 * (number - 1)}"/></session>',
        )
    video(root / 'Sessions/3/S003-001.avi')


def rafd(root: Path) -> None:
    image(root / 'Rafd090_01_Caucasian_female_angry_frontal.jpg')
    image(root / 'Rafd045_24_Moroccan_male_contemptuous_left.jpg')


def bu3dfe(root: Path) -> None:
    image(root / 'F0001/F0001_AN04WH_F2D.bmp')
    image(root / 'M0002/M0002_NE00AE_F2D.bmp')
    image(root / 'M0002/M0002_NE00AE_F3D.bmp')


def bosphorus(root: Path) -> None:
    image(root / 'BosphorusDB/bs000/bs000_E_HAPPY_0.png')
    image(root / 'BosphorusDB/bs000/bs000_N_N_0.png')
    image(root / 'BosphorusDB/bs000/bs000_YR_R10_0.png')


def emotionet(root: Path) -> None:
    units = ['0'] * 60
    units[0], units[11], units[6] = '1', '1', '999'
    row = '\t'.join(['http://a.org/Images/1/N_1.jpg', 'http://b.org/my face.jpg', *units])
    gone = row.replace('N_1', 'N_2')
    text(root / 'dataFile_0001.txt', f'{row}\n{gone}\n')
    image(root / 'images/N_1.jpg')


def disfa(root: Path) -> None:
    for person in ('SN001', 'SN003'):
        video(root / f'Videos_LeftCamera/LeftVideo{person}_comp.avi')
        text(root / f'ActionUnit_Labels/{person}/{person}_au1.txt', '1,0\n2,3\n3,5\n')
        text(root / f'ActionUnit_Labels/{person}/{person}_au12.txt', '1,0\n2,1\n')


def bp4d(root: Path) -> None:
    text(root / 'AUCoding/AU_OCC/F001_T1.csv', '0,1,6,7\n20,1,0,9\n21,0,1,9\n22,1,1,9\n')
    text(root / 'AUCoding/AU_INT/AU06/F001_T1_AU06.csv', '20,0\n21,2\n22,9\n')
    for number in (20, 21, 22):
        image(root / f'2D+3D/F001/T1/{number:04d}.jpg')


def afew(root: Path) -> None:
    for name in SEVEN:
        video(root / f'Val_AFEW/{name}/000046280.avi')


def caer(root: Path) -> None:
    for name in ('Anger', *SEVEN[1:]):
        video(root / f'test/{name}/0001.avi')


def caer_s(root: Path) -> None:
    for name in SEVEN:
        image(root / f'test/{name}/0001.png')


def dfew(root: Path) -> None:
    for fold in range(1, 6):
        for part in ('train', 'test'):
            place = root / f'EmoLabel_DataSplit/{part}(single-labeled)'
            number = fold if part == 'test' else fold % 5 + 1
            text(place / f'set_{fold}.csv', f'video_name,label\n{number},{number}\n')
    video(root / 'Clip/original/1.mp4'.replace('.mp4', '.avi')).rename(
        root / 'Clip/original/1.mp4'
    )
    for index in range(1, 4):
        image(root / f'Clip/clip_224x224/00002/00002_0000{index}.jpg')


def ferv39k(root: Path) -> None:
    text(root / '4_setups/All_scenes/train_All.csv', 'Action/Happy/0267 Happy\n')
    text(root / '4_setups/All_scenes/test_All.csv', 'Crime/Fear/0001 Fear\n')
    # Its archive unpacks into a second folder of the same name.
    base = root / '2_ClipsforFaceCrop/2_ClipsforFaceCrop'
    for place in ('Action/Happy/0267', 'Crime/Fear/0001'):
        for number in (1, 10, 2):
            image(base / f'{place}/{number}.jpg')


def mafw(root: Path) -> None:
    for fold in range(1, 6):
        place = root / f'Train & Test Set/single/no_caption/set_{fold}'
        text(place / 'train.txt', '00002.mp4 anxiety\n')
        text(place / 'test.txt', '00001.mp4 contempt\n00002.mp4 helplessness\n')
    image(root / 'data/frames/00001/1.jpg')
    image(root / 'data/frames/00002/1.jpg')


MAKERS: dict[str, Callable[[Path], None]] = {
    'fer2013': fer2013,
    'fer2013-folders': fer2013_folders,
    'ferplus': ferplus,
    'ferplus-folders': ferplus_folders,
    'ferplus-npz': ferplus_npz,
    'rafdb': rafdb,
    'rafdb-compound': rafdb_compound,
    'rafdb-folders': rafdb_folders,
    'affectnet': affectnet,
    'affectnet-annotations': affectnet_annotations,
    'expw': expw,
    'sfew': sfew,
    'jaffe': jaffe,
    'ckplus': ckplus,
    'ckplus-peaks': ckplus,
    'ckplus-48': ckplus_48,
    'oulu-casia': oulu,
    'mmi': mmi,
    'rafd': rafd,
    'bu3dfe': bu3dfe,
    'bosphorus': bosphorus,
    'emotionet': emotionet,
    'disfa': disfa,
    'bp4d': bp4d,
    'afew': afew,
    'caer': caer,
    'caer-s': caer_s,
    'dfew': dfew,
    'ferv39k': ferv39k,
    'mafw': mafw,
}
